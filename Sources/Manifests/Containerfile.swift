/// How an image of Sonde is built from a checkout.
package enum Containerfile {
  /// Debian 12: both stages must have the same libraries.
  static let debian = "bookworm"

  /// What the program needs at run time, by Debian's names; the packages of `.ci/setup` have the headers of the same libraries.
  package static let libraries = [
    "libmosquitto1", "libsqlite3-0", "libsvm3", "libssl3", "libmicrohttpd12",
  ]

  /// The file, for podman and docker.
  package static let text = """
    # An image of Sonde, printed by “sonde serve --containerfile”. Nobody has built it yet. In a checkout of Sonde:
    #   sonde serve --containerfile >Containerfile
    #   podman build -f Containerfile -t registry.example.com/sonde:1 .
    # Models can be part of the image, in an image on top of this one:
    #   FROM registry.example.com/sonde:1
    #   COPY models /models

    ARG SWIFT=docker.io/library/swift:6.2-\(debian)
    ARG DEBIAN=docker.io/library/debian:\(debian)-slim

    FROM ${SWIFT} AS build
    WORKDIR /sonde
    # Packages first, since they change seldom.
    COPY .ci .ci
    RUN .ci/setup
    COPY Package.swift ./
    COPY Sources Sources
    COPY Tests Tests
    COPY Tools Tools
    COPY Benchmarks Benchmarks
    RUN swift build -c release --product sonde \\
     && install -D .build/release/sonde /out/sonde \\
     && strip --strip-debug /out/sonde

    FROM ${DEBIAN}
    # Swift's libraries are inside the program. Scripts also need python3 and python3-venv.
    RUN apt-get update \\
     && apt-get install -y --no-install-recommends \(libraries.joined(separator: " ")) \\
     && rm -rf /var/lib/apt/lists/* \\
     && groupadd --gid \(ManifestDefaults.userID) sonde \\
     && useradd --uid \(ManifestDefaults.userID) --gid \(ManifestDefaults.userID) --no-create-home --home-dir /tmp --shell /usr/sbin/nologin sonde
    COPY --from=build /out/sonde /usr/local/bin/sonde
    # A number: Kubernetes sees that it is not root's.
    USER \(ManifestDefaults.userID):\(ManifestDefaults.userID)
    ENTRYPOINT ["sonde"]
    """
}
