import WarrenCLI

await Warren.runToExit()
