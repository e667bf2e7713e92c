extension APIMessage {
    /// `GET /v1/facts` and `GET /v1/gateways/{site}/facts`: what a program knows of itself under one name.
    public struct Fact: Sendable, Codable {
        /// As a file may be called: `status.json`, `log.txt`.
        public var name: String
        public var text: String
        public init(name: String, text: String) {
            self.name = name
            self.text = text
        }
    }
}
