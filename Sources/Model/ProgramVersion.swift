/// The version of every program of Warren: they are released together.
public enum ProgramVersion {
    public static let text = "0.1.0"
}
