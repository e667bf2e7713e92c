import ArgumentParser

/// A text to read, found where commands are: `warren help exit-codes`.
protocol Topic: ParsableCommand {}

extension Topic {
    func run() { Terminal.show(Warren.helpMessage(for: Self.self)) }
}

struct ExitCodesTopic: Topic {
    static let configuration = CommandConfiguration(
        commandName: "exit-codes", abstract: "How commands end: what a script may count on.",
        discussion: """
            EXIT STATUS
              0    it is done, and what was asked holds
              1    it does not hold: faults, a refusal, something that is not there, a link that is not up
              2    the command line, a file or a setting cannot be used
              3    the controller does not answer, or it failed
              4    the controller does not let this operator do it
              130  interrupted, or detached from a roll-out that goes on

            With --detailed-exitcode, 'plan' and 'drift' end with 0 when nothing changes or drifts, 2 when something does, and \
            1 for every failure. A reader that closes the pipe, as 'head' does, ends a command with 141.

            'diagnose' and 'verify' end with 1 also when something could not be looked at or tried, so that 0 is proof.

            'warren status --check' is made for monitoring: 0 the mesh is well, 1 it is not, 2 or more: not known.
            """)
}

struct SettingsTopic: Topic {
    static let configuration = CommandConfiguration(
        commandName: "settings", abstract: "Options, environment, and the file of settings with its profiles.",
        discussion: """
            An option wins over the environment, the environment over the file. A controller comes whole from one of them, so \
            that no token is sent to a controller that it is not for.

            ENVIRONMENT
              WARREN_SOCKET      the controller's unix socket, as --socket
              WARREN_URL         a controller elsewhere, as --url
              WARREN_TOKEN_FILE  the file with the operator's token, as --token-file
              WARREN_CA          the authority's certificate, as --ca
              WARREN_PROFILE     a controller of the settings, as --profile
              WARREN_CONFIG      the file of settings, as --config
              WARREN_COLOR       auto, always or never, as --color
              WARREN_INVENTORY   where the shell's completion finds names while no controller answers
              NO_COLOR           no colour unless --color or WARREN_COLOR says otherwise
              XDG_CONFIG_HOME    where warren/config.yaml is, unless it is ~/.config

            THE FILE, ~/.config/warren/config.yaml
              profile: production           # the one in use: 'warren profile use NAME'
              color: auto
              profiles:
                lab:
                  socket: /run/warren-lab/api.sock
                production:
                  url: https://controller.example.net:8443
                  token-file: production.token
                  ca: ca.pem
                  inventory: ~/meshes/acme  # names for completion

            Paths that do not begin with / or ~/ are counted from the file's folder. 'warren profile add' writes the file.
            """)
}
