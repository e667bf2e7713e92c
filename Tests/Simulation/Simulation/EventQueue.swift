/// What is still to happen, by time, and in the order of scheduling where times are equal: a binary heap.
struct EventQueue {
    struct Entry {
        let time: UInt64
        let serial: UInt64
        let label: StaticString
        let site: Int
        let body: () -> Void

        func isBefore(_ other: Entry) -> Bool { time == other.time ? serial < other.serial : time < other.time }
    }

    private var heap: [Entry] = []
    private var serial: UInt64 = 0

    mutating func add(at time: UInt64, _ label: StaticString, _ site: Int, _ body: @escaping () -> Void) {
        serial += 1
        heap.append(Entry(time: time, serial: serial, label: label, site: site, body: body))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].isBefore(heap[parent]) else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    mutating func removeFirst(until end: UInt64) -> Entry? {
        guard let first = heap.first, first.time <= end else { return nil }
        let last = heap.removeLast()
        guard !heap.isEmpty else { return first }
        heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if heap[child].isBefore(heap[least]) { least = child }
            }
            guard least != parent else { return first }
            heap.swapAt(least, parent)
            parent = least
        }
    }
}
