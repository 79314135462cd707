import Manifests
import Testing

/// Kubernetes reads cron with robfig/cron, which differs from Vixie cron in two things.
@Suite struct CronAgreementTests {
  @Test(arguments: [
    "0 * * * *", "*/15 8-18 * jan-mar mon-fri", "0 0 1,15 * mon", "0 0 */2 * *", "0 0 * * */2", "0 0 1 * *",
    "0 0 * * sun", "0 0 * * 0,5-6", "0 0 */1 * mon", "0 0 * * 0-6", "7 7 7 7 *", "0 0 1-7 * 1",
  ]) func mostIsReadTheSame(cron: String) {
    #expect(throws: Never.self) { try CronAgreement.check(cron) }
  }

  @Test(arguments: [
    "0 0 * * 7", "0 0 * * 5-7", "0 0 * * 1,7", "0 0 * * fri-sun", "0 0 * * 5-0", "0 0 * * 7-1",
    "0 0 * * 1-7/2",
  ])
  func aSeventhDayIsRefused(cron: String) {
    let error = #expect(throws: ManifestError.self) { try CronAgreement.check(cron) }
    #expect(error?.description.contains("begin with Sunday") == true)
  }

  /// Vixie cron: both; robfig/cron: either.
  @Test(arguments: ["0 0 */2 * mon", "0 0 1 * */2", "0 0 */2 * */2"])
  func aStepBesideTheOtherFieldOfDaysIsRefused(cron: String) {
    let error = #expect(throws: ManifestError.self) { try CronAgreement.check(cron) }
    #expect(error?.description.contains("either field") == true)
  }
}
