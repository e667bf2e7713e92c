import DataPlane
import NFTables
import WarrenModel

/// The translations of the site's networks, in a table of nftables that is replaced as a whole in one transaction.
struct KernelTranslations {
    let tools: NetworkTools

    /// None remove the table.
    func set(_ translations: [NetworkTranslation]) throws(DataPlaneError) { try tools.replace(.translation(translations)) }

    /// Those that really stand; those of a table that somebody changed come out different from what was set.
    func observe() throws(DataPlaneError) -> [NetworkTranslation] {
        guard let listing = try tools.listTable(NFTable.translationName) else { return [] }
        return listing.translations
    }
}
