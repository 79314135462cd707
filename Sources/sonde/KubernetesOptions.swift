import ArgumentParser
import Foundation
import Manifests

/// The options by which a command prints what Kubernetes is to run, in place of running.
struct KubernetesOptions: ParsableArguments {
  @Flag(
    help: ArgumentHelp(
      "Starts nothing: prints this command as Kubernetes' manifests.",
      discussion: """
        For kubectl apply. Paths of models, endpoint files and runs are then those in the container, and absolute; --volume says what is \
        mounted there, and everything else is in the image.
        """))
  var kubernetes = false

  @Flag(help: "Starts nothing: prints how an image of Sonde is built, for podman and docker.")
  var containerfile = false

  @Option(help: "With --kubernetes: the image, such as registry.example.com/sonde:1.")
  var image: String?

  @Option(
    help:
      "With --kubernetes: what the objects are called. Default: as the endpoint file, or the folder of the models or the run."
  )
  var name: String?

  @Option(help: "With --kubernetes: the namespace of the objects. Default: kubectl's own.")
  var namespace: String?

  @Option(
    help: ArgumentHelp(
      "With --kubernetes: a PersistentVolumeClaim, and where the container has it; can be repeated.",
      valueName: "claim:/path"))
  var volume: [String] = []

  /// Prints the Containerfile where it was asked for, and says whether anything was printed or has to be. Throws ``ManifestError``
  /// where options do not go together.
  ///
  /// - Parameter others: Options of the command that belong to `--kubernetes` too, and whether they are given.
  func asks(others: [(name: String, isGiven: Bool)]) throws -> Bool {
    guard !kubernetes || !containerfile else {
      throw ManifestError("give either --kubernetes or --containerfile; each prints a file of its own")
    }
    if containerfile {
      StandardOutput.write(Containerfile.text)
      return true
    }
    guard !kubernetes else { return true }
    let given =
      [
        ("--image", image != nil), ("--name", name != nil), ("--namespace", namespace != nil),
        ("--volume", !volume.isEmpty),
      ] + others
    if let first = given.first(where: { $0.1 }) { throw ManifestError("\(first.0) belongs to --kubernetes") }
    return false
  }

  /// The image. Throws ``ManifestError`` where it is not given, or is none.
  func checkedImage() throws(ManifestError) -> String {
    guard let image else {
      throw ManifestError(
        "--kubernetes needs --image with the image that you have built, such as registry.example.com/sonde:1; --containerfile prints "
          + "how it is built")
    }
    return try ImageName.checked(image)
  }

  func checkedNamespace() throws(ManifestError) -> String? {
    guard let namespace else { return nil }
    return try ResourceName.namespace(namespace)
  }

  func mounts() throws(ManifestError) -> [ClaimMount] { try ClaimMount.all(volume) }

  /// What the objects are called: as --name says, or like the last part of `path` that can be a name.
  func resourceName(like path: String) throws(ManifestError) -> ResourceName {
    if let name { return try ResourceName(name, option: "--name") }
    let parts = path.replacing(PodArguments.indexPlaceholder, with: "").split(separator: "/").reversed()
    for part in parts {
      if let name = ResourceName(near: (String(part) as NSString).deletingPathExtension) { return name }
    }
    throw ManifestError("nothing in the path can be a name of Kubernetes' objects; give --name")
  }
}
