import WarrenAPIModel

/// What happened, a line for each. Pure.
enum EventText {
    static func line(_ event: APIMessage.Event) -> String {
        let about = event.link?.description ?? event.site?.description ?? "-"
        return StatusText.pad("\(event.number)", 7) + StatusText.pad(time(event.at), 21) + StatusText.pad(event.kind, 21)
            + StatusText.pad(about, 16) + event.text + "\n"
    }

    /// To the second: the rest is in JSON.
    private static func time(_ text: String) -> String {
        guard let dot = text.firstIndex(of: "."), text.hasSuffix("Z") else { return text }
        return text[..<dot] + "Z"
    }
}
