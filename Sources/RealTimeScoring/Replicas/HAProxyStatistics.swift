package struct HAProxyStatistics: Hashable, Sendable {}
