final class EngineLinksPlaceholder {}
