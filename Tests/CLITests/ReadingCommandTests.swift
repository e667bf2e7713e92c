import Foundation
import Testing

/// What is read of links, gateways and events of a real controller.
@Suite(.serialized) struct ReadingCommandTests {
    private func controller() throws -> RunningController {
        let controller = try RunningController()
        try controller.apply(ControllerCommandTests.inventory)
        return controller
    }

    @Test func oneSiteAndOneTag() throws {
        let controller = try controller()
        let one = try controller.warren("status", "--site", "tokyo")
        #expect(one.status == 1 && one.output.contains("berlin  ? unknown"))
        #expect(!one.output.contains("tokyo   ?"))
        let tag = try controller.warren("status", "--tag", "asia", "-o", "json")
        let answer = try #require(JSONSerialization.jsonObject(with: Data(tag.output.utf8)) as? [String: Any])
        #expect((answer["links"] as? [Any])?.count == 2)
        let check = try controller.warren("status", "--check", "--site", "lima")
        #expect(check.status == 1 && check.output == "not well: 0 of 2 links up\n")
    }

    @Test func linksAndGatewaysInAllDetail() throws {
        let controller = try controller()
        for arguments in [["tokyo", "berlin"], ["berlin--tokyo"], ["tokyo--berlin"]] {
            let link = try Program.run(
                list: ["show", "link"] + arguments, environment: ["WARREN_SOCKET": controller.socket])
            #expect(link.status == 0 && link.output.hasPrefix("link berlin - tokyo\n"), "\(link.errorOutput)")
            #expect(link.output.contains("berlin: agent not connected, it never reported"))
        }
        let gateway = try controller.warren("show", "gateway", "tokyo")
        #expect(gateway.status == 0 && gateway.output.contains("  certificate  none: 'warren token create tokyo'"))
        #expect(gateway.output.contains("  networks     192.168.2.0/24\n") && gateway.output.contains("  tags         asia\n"))
        for line in [["show", "link", "berlin--tokyo"], ["show", "gateway", "tokyo"]] {
            let json = try Program.run(list: line + ["-o", "json"], environment: ["WARREN_SOCKET": controller.socket])
            _ = try JSONSerialization.jsonObject(with: Data(json.output.utf8))
        }
    }

    @Test func eventsAreFiltered() throws {
        let controller = try controller()
        #expect(try controller.warren("events", "--kind", "generation-accepted").output.split(separator: "\n").count == 1)
        #expect(try controller.warren("events", "--site", "lima").output.isEmpty)
        #expect(try controller.warren("events", "--since", "1h", "-n", "1", "-o", "json-line").output.hasPrefix("{\"at\":"))
        #expect(try controller.warren("events").output.contains("generation-accepted"))
        let list = try controller.warren("events", "-o", "json")
        #expect(try JSONSerialization.jsonObject(with: Data(list.output.utf8)) is [Any])
        let wrong = try controller.warren("events", "--kind", "generation-acepted")
        #expect(wrong.status == 1 && !wrong.errorOutput.isEmpty)
    }

    @Test(arguments: [
        ["status", "--site", "berln"], ["status", "--check", "--site", "berln"], ["show", "gateway", "berln"],
        ["show", "link", "berln", "tokyo"], ["events", "--site", "berln"],
    ])
    func aMisspeltSiteIsRecognized(arguments: [String]) throws {
        let controller = try controller()
        let process = try Program.run(list: arguments, environment: ["WARREN_SOCKET": controller.socket])
        #expect(process.status == (arguments.contains("--check") ? 2 : 1))
        #expect(
            process.errorOutput.contains("(did you mean 'berlin'?): 'warren status' lists the sites"), "\(process.errorOutput)")
        #expect(process.output.isEmpty)
    }
}
