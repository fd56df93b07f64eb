package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// spent is the processor time that each part of the desk has used. On a machine that has other work to do, times on the
// clock say little; this still says what an action costs, and where.
type spent map[string]time.Duration

// tick is the unit of /proc/<pid>/stat: USER_HZ, 100 on every Linux that Go runs on.
const tick = 10 * time.Millisecond

// spending sums the processor time of serve, of the measuring side, and of all that `up` has started.
func (b *bench) spending() spent {
	sum := spent{}
	parents, used, names := processes()
	for pid := range parents {
		switch {
		case pid == os.Getpid():
			sum["bench"] += used[pid]
		case b.desk.serve != nil && pid == b.desk.serve.PID():
			sum["serve"] += used[pid]
		case below(parents, pid, b.desk.up.PID()):
			sum[names[pid]] += used[pid]
		}
	}
	return sum
}

func below(parents map[int]int, pid, ancestor int) bool {
	for hops := 0; pid > 1 && hops < 50; hops++ {
		if pid == ancestor {
			return true
		}
		pid = parents[pid]
	}
	return false
}

// processes reads of every process its parent, the time it used (with that of its children that have ended), and what
// part of a desk it is.
func processes() (parents map[int]int, used map[int]time.Duration, names map[int]string) {
	parents, used, names = map[int]int{}, map[int]time.Duration{}, map[int]string{}
	files, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is sound
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		// The name stands in parentheses and may hold anything: fields are counted behind it.
		_, after, found := strings.Cut(string(content), ") ")
		fields := strings.Fields(after)
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err != nil || !found || len(fields) < 15 {
			continue
		}
		parents[pid], _ = strconv.Atoi(fields[1])
		for _, field := range fields[11:15] { // utime, stime, cutime, cstime
			ticks, _ := strconv.ParseInt(field, 10, 64)
			used[pid] += time.Duration(ticks) * tick
		}
		names[pid] = partOf(pid)
	}
	return parents, used, names
}

func partOf(pid int) string {
	words, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	switch line := string(words); {
	case err != nil:
		return "others"
	case strings.Contains(line, "start-dev"):
		return "Temporal"
	case strings.Contains(line, "postgres"):
		return "Postgres"
	}
	return "others"
}

// since is what was used since then, for each of n things, as words.
func (s spent) since(before spent, n int) string {
	var parts []string
	var sum time.Duration
	for _, name := range slices.Sorted(maps.Keys(s)) {
		each := (s[name] - before[name]) / time.Duration(max(1, n))
		sum += each
		parts = append(parts, fmt.Sprintf("%s %.2f", name, milliseconds(each)))
	}
	return fmt.Sprintf("%.2f ms (%s)", milliseconds(sum), strings.Join(parts, ", "))
}
