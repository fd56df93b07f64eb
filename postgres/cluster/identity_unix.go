//go:build unix && !linux

package cluster

// namespaced gives nothing: user namespaces are Linux's.
func namespaced() []identity { return nil }
