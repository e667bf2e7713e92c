import Foundation
import Testing
import WarrenModel
import WarrenStatus

@testable import WarrenCLI

/// JSON that is laid out while it streams by reads as if it had been encoded so.
@Suite struct JSONLayoutTests {
    private func laidOut(
        _ text: String, omitting member: String = "", cutAt cut: Int? = nil
    ) throws -> (text: String, rest: String) {
        var layout = JSONLayout(omitting: member), output: [UInt8] = []
        let bytes = Array(text.utf8), cut = cut ?? bytes.count
        for piece in [bytes[..<cut], bytes[cut...]] {
            try piece.withUnsafeBytes { try layout.take($0, into: &output) }
        }
        try layout.finish()
        return (String(decoding: output, as: UTF8.self), String(decoding: layout.rest, as: UTF8.self))
    }

    /// The same bytes as the encoder's own, wherever the answer is cut into pieces.
    @Test func looksAsEncoded() throws {
        var status = try StatusLayoutTests.mesh(4, [0: .down])
        status.links[1].reason = "a \"quoted\" \\ reason, {[:]} of ü and 雪\u{1}\n"
        status.sites[2].drift = ["", "\\\""]
        let compact = try Terminal.jsonLine(status), pretty = try Terminal.json(status)
        for cut in 0...compact.utf8.count { #expect(try laidOut(compact, cutAt: cut).text == pretty) }
        #expect(try laidOut(pretty).text == pretty)
        status.links = []
        #expect(try laidOut(compact, omitting: "links").rest == Terminal.jsonLine(status))
    }

    @Test func onlyAMemberOfTheOutermostObjectIsLeftOut() throws {
        let text = #"{"a":{"b":[1,{"b":2}]},"b":{"a":[1,"b"]},"c":["b",1],"d":"b","bb":null}"#
        #expect(
            try laidOut(text, omitting: "b").rest == #"{"a":{"b":[1,{"b":2}]},"b":[],"c":["b",1],"d":"b","bb":null}"#)
        #expect(try laidOut(#"[{"b":1}]"#, omitting: "b").rest == #"[{"b":1}]"#)
        #expect(try laidOut(#"{"b":-1.5e+3}"#, omitting: "b").rest == #"{"b":[]}"#)
    }

    /// What a terminal would act on is never passed on.
    @Test(arguments: [
        "", "{", "[1", "}", "{}]", "\"a", "{\"a\u{1B}[2J\":1}", "[\"\n\"]", "[\"\\\u{1}\"]", "\u{1B}", "[1;2]", "[ü]",
        String(repeating: "[", count: 65) + String(repeating: "]", count: 65),
    ])
    func whatIsNotJSONIsRefused(text: String) {
        #expect(throws: JSONLayout.Malformed.self) { try laidOut(text) }
    }

    @Test func deepestIsShown() throws {
        let text = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
        #expect(try laidOut(text).rest == text)
    }
}
