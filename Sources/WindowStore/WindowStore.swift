// WindowStore
