package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWarmTicketsTakeAnEighthOfTheMemory(t *testing.T) {
	t.Parallel()
	const gb = 1 << 30
	require.Equal(t, 1820, warmTickets(gb))
	require.Equal(t, 7281, warmTickets(4*gb))
	require.Equal(t, warmMost, warmTickets(64*gb))
	require.Equal(t, warmLeast, warmTickets(0), "nobody knows")
}

// TestMemoryIsWhatTheControlGroupLeaves: the least of the machine's and of what any group above the process says.
func TestMemoryIsWhatTheControlGroupLeaves(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	write := func(file, content string) {
		t.Helper()
		file = filepath.Join(root, file)
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
	}
	require.Zero(t, memoryOf(root), "a system that tells nothing")
	write("proc/meminfo", "MemFree:          100 kB\nMemTotal:       4096 kB\n")
	require.Equal(t, uint64(4<<20), memoryOf(root))
	write("proc/self/cgroup", "0::/system.slice/duradesk-worker.service\n")
	require.Equal(t, uint64(4<<20), memoryOf(root), "no bound")
	write("sys/fs/cgroup/system.slice/duradesk-worker.service/memory.max", "max\n")
	require.Equal(t, uint64(4<<20), memoryOf(root))
	write("sys/fs/cgroup/system.slice/memory.max", "3145728\n")
	require.Equal(t, uint64(3<<20), memoryOf(root))
	write("sys/fs/cgroup/system.slice/duradesk-worker.service/memory.max", "1048576\n")
	require.Equal(t, uint64(1<<20), memoryOf(root))
	write("proc/self/cgroup", "0::/\n")
	write("sys/fs/cgroup/memory.max", "2097152\n")
	require.Equal(t, uint64(2<<20), memoryOf(root), "a container sees its own group as the root")
	require.Positive(t, memoryOf("/"), "this machine's")
}
