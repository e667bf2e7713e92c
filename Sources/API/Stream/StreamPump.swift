import Foundation
import Logging

/// What keeps a hub's messages coming, as long as anybody listens.
extension StreamHub {
    func start(_ state: inout State) {
        let batches = feed()
        state.pump = Task { [weak self] in
            await withDiscardingTaskGroup { group in
                group.addTask { [weak self] in
                    for await batch in batches { self?.publish(batch) }
                }
                group.addTask { [weak self] in
                    while (try? await Task.sleep(for: Self.heartbeat)) != nil { self?.beat() }
                }
            }
        }
    }

    private func beat() {
        drop(state.withLock { send([.heartbeat], &$0) })
    }

    func stopSoon(_ state: inout State) {
        state.closing = Task { [weak self] in
            guard (try? await Task.sleep(for: Self.patience)) != nil else { return }
            self?.stop()
        }
    }

    /// Nothing is kept of what comes now: whoever comes back later must read everything anew.
    private func stop() {
        state.withLock { state in
            guard state.listeners.isEmpty else { return }
            state.pump?.cancel()
            state = State()
        }
    }

    func publish(_ batch: StreamBatch) {
        let slow = state.withLock { state -> [Listener] in
            do {
                let messages = try batch.messages(run: state.run, from: state.last + 1)
                state.last += UInt64(messages.count)
                keep(messages, &state)
                return send(messages, &state)
            } catch {
                log.error("a change could not be told", metadata: ["error": "\(error)"])
                return []
            }
        }
        drop(slow)
    }

    private func keep(_ messages: [StreamMessage], _ state: inout State) {
        state.kept += messages
        state.keptBytes += messages.reduce(0) { $0 + $1.text.utf8.count }
        var surplus = 0
        while state.kept.count - surplus > Self.messagesKept || state.keptBytes > Self.bytesKept {
            state.keptBytes -= state.kept[surplus].text.utf8.count
            surplus += 1
        }
        state.kept.removeFirst(surplus)
    }

    /// The listeners that have no room for them: they listen no more.
    private func send(_ messages: [StreamMessage], _ state: inout State) -> [Listener] {
        var slow: [Int] = []
        for (key, listener) in state.listeners {
            for message in messages {
                if case .enqueued = listener.messages.yield(message) { continue }
                slow.append(key)
                break
            }
        }
        return slow.compactMap { state.listeners.removeValue(forKey: $0) }
    }

    private func drop(_ slow: [Listener]) {
        for listener in slow {
            log.notice("a reader of the stream was too slow", metadata: ["credential": "\(listener.credential)"])
            listener.messages.finish()
            listener.drop()
        }
    }
}
