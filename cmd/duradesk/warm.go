package main

import (
	"bufio"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// What a warm ticket takes, of which share of the memory all of them may take, and how many are worth it: fewer than the
// least make a desk read histories all the time, more than the most are touched by nobody within the time it takes to read
// one again.
const (
	warmBytes = 72 << 10
	warmShare = 8
	warmLeast = 1000
	warmMost  = 10_000
)

// warmTickets is how many workflows a worker keeps in memory, of so many bytes that it has. A ticket that is not among them is
// none the worse: its history is read again when something comes, which costs about as much as what comes.
func warmTickets(memory uint64) int {
	return int(min(max(memory/warmShare/warmBytes, warmLeast), warmMost))
}

// memoryOf is what this process may use: the machine's memory, or less where its control group says so. 0: nobody knows.
func memoryOf(root string) uint64 {
	all := kilobytesOf(filepath.Join(root, "proc/meminfo"), "MemTotal:")
	group, _ := os.ReadFile(filepath.Join(root, "proc/self/cgroup"))
	_, path, found := strings.Cut(strings.TrimSpace(string(group)), "0::")
	for ; found; path = filepath.Dir(path) { // the bounds of all above it hold too
		if most := bytesOf(filepath.Join(root, "sys/fs/cgroup", path, "memory.max")); most > 0 {
			all = min(all, most)
		}
		found = path != "/" && path != "."
	}
	return all
}

// bytesOf reads a figure alone in its file; 0: there is none, or it says "max".
func bytesOf(file string) uint64 {
	content, _ := os.ReadFile(file)
	n, _ := strconv.ParseUint(strings.TrimSpace(string(content)), 10, 64)
	return n
}

// kilobytesOf reads a line of the kernel's, such as "MemTotal: 24576000 kB", in bytes.
func kilobytesOf(file, name string) uint64 {
	content, err := os.Open(file)
	if err != nil {
		return 0
	}
	defer func() { _ = content.Close() }()
	for lines := bufio.NewScanner(content); lines.Scan(); {
		if fields := strings.Fields(lines.Text()); len(fields) > 1 && fields[0] == name {
			n, _ := strconv.ParseUint(fields[1], 10, 64)
			return n << 10
		}
	}
	return 0
}
