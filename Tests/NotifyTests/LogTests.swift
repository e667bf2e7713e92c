import Foundation
import Logging
import Testing

@testable import WarrenLogs

@Suite struct LogTests {
    private let metadata: Logger.Metadata = ["site": "berlin", "text": "a \"b\"\n\u{1}=c", "level": "forged"]
    private let date = Date(timeIntervalSince1970: 1_700_000_000.25)

    @Test func logfmt() {
        let handler = StructuredLogHandler(label: "warrend", time: true)
        #expect(
            handler.line(.info, "is served", metadata, at: date)
                == "time=2023-11-14T22:13:20.250Z level=info logger=warrend msg=\"is served\" level_=forged site=berlin "
                + "text=\"a \\\"b\\\"\\n\\u0001=c\"\n")
        #expect(StructuredLogHandler().line(.error, "x", [:]) == "level=error msg=x\n")
    }

    @Test func json() throws {
        let line = StructuredLogHandler(label: "warrend", format: .json).line(.warning, "say \"no\"", metadata, at: date)
        #expect(line.last == "\n" && line.count { $0 == "\n" } == 1)
        let fields = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String])
        #expect(
            fields == [
                "time": "2023-11-14T22:13:20.250Z", "level": "warning", "logger": "warrend", "msg": "say \"no\"",
                "site": "berlin", "text": "a \"b\"\n\u{1}=c", "level_": "forged",
            ])
    }
}
