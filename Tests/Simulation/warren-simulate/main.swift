import Glibc
import Simulation

exit(Command(Array(CommandLine.arguments.dropFirst())).run())
