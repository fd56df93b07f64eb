package cluster

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// servers are the processes of Postgres whose working directory is the data directory: postmaster and backends.
func servers(data string) []int {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var pids []int
	for _, entry := range entries {
		if pid, err := strconv.Atoi(entry.Name()); err == nil && isServer(pid, data) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// isServer is false for a process that has ended but was not reaped: it has no working directory any more.
func isServer(pid int, data string) bool {
	proc := filepath.Join("/proc", strconv.Itoa(pid))
	cwd, err := os.Readlink(filepath.Join(proc, "cwd"))
	if err != nil || strings.TrimSuffix(cwd, " (deleted)") != data {
		return false
	}
	comm, err := os.ReadFile(filepath.Join(proc, "comm"))
	return err == nil && strings.HasPrefix(string(comm), "postgres")
}
