import Testing

@testable import WarrenCLI

@Suite struct ViewportTests {
    @Test(arguments: [
        ("\u{1B}[A", [Key.up]), ("\u{1B}OB", [.down]), ("\u{1B}[5~", [.pageUp]), ("\u{1B}[6~", [.pageDown]),
        ("jkq", [.down, .up, .quit]),
        ("\u{1B}[1;5C", [.right]), ("\u{1B}[200~x", [.character("x")]), ("\u{1B}[", []), ("\u{1B}", []),
        ("gG", [.top, .bottom]),
        ("\u{1B}[H\u{1B}[4~", [.top, .bottom]), ("", []),
    ])
    func keysAreRead(text: String, keys: [Key]) { #expect(Key.read(Array(text.utf8)[...]) == keys) }

    @Test func anyBytesAreReadToTheEnd() {
        for first in UInt8.min...UInt8.max {
            for second: UInt8 in [0x1B, 0x5B, 0x7E, 0x41, 0xFF] { _ = Key.read([0x1B, 0x5B, first, second]) }
            #expect(Key.read([first]).count <= 1)
        }
    }

    @Test func itStaysWithinTheText() {
        var view = Viewport()
        view.move(.up, lines: 100, width: 200, rows: 20, columns: 80)
        #expect(view.top == 0)
        view.move(.pageDown, lines: 100, width: 200, rows: 20, columns: 80)
        #expect(view.top == 19)
        view.move(.bottom, lines: 100, width: 200, rows: 20, columns: 80)
        #expect(view.top == 80)
        for _ in 0..<40 { view.move(.right, lines: 100, width: 200, rows: 20, columns: 80) }
        #expect(view.left == 120)
        // The text became shorter than the screen.
        view.fit(lines: 5, width: 10, rows: 20, columns: 80)
        #expect(view.top == 0 && view.left == 0)
    }

    @Test func coloursTakeNoRoom() {
        let line = "ab\u{1B}[31mcd\u{1B}[0mef"
        #expect(Viewport.width(of: line) == 6)
        #expect(Viewport.cut(line, from: 1, 3) == "b\u{1B}[31mcd\u{1B}[0m")
        #expect(Viewport.cut(line, from: 0, 100) == line)
        #expect(Viewport.cut("●▲✗", from: 1, 1) == "▲")
    }
}
