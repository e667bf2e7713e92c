/// Where names are in a list of them, for one who mostly asks in the list's own order: then nothing is searched, and no table is
/// made. A list in any other order than that of the names costs a table once it is asked out of order.
package struct NamePlaces {
    package private(set) var names: [SiteName] = []
    private var last = 0
    private var isAscending = true
    private var table: [SiteName: Int] = [:]

    package init(capacity: Int) { names.reserveCapacity(capacity) }

    /// The place of the first of that name; nil when there is none.
    package mutating func place(of name: SiteName) -> Int? {
        if last < names.count, names[last] == name { return last }
        if last + 1 < names.count, names[last + 1] == name {
            last += 1
            return last
        }
        guard let end = names.last, !isAscending || name <= end, let place = isAscending ? search(name) : lookUp(name) else {
            return nil
        }
        last = place
        return place
    }

    /// A name that there was not so far, in the place after the others.
    package mutating func append(_ name: SiteName) {
        if let end = names.last, name <= end { isAscending = false }
        if !table.isEmpty { table[name] = names.count }
        last = names.count
        names.append(name)
    }

    private func search(_ name: SiteName) -> Int? {
        var (low, high) = (0, names.count)
        while low < high {
            let middle = low + (high - low) / 2
            if names[middle] < name { low = middle + 1 } else { high = middle }
        }
        return low < names.count && names[low] == name ? low : nil
    }

    private mutating func lookUp(_ name: SiteName) -> Int? {
        if table.isEmpty {
            table.reserveCapacity(names.capacity)
            for (place, name) in names.enumerated() { table[name] = place }
        }
        return table[name]
    }
}
