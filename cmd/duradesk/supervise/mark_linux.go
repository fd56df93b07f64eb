package supervise

import (
	"os"
	"strconv"
	"strings"
)

// markOf tells a process from every other that ever had or will have its number: the boot, and the moment of its
// start in ticks since then. It is empty for one that has ended, reaped or not.
func markOf(pid int) string {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return ""
	}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	// The name, in parentheses, may hold anything; what follows it is fields 3 (state) to 22 (start time) and more.
	_, rest, found := cutLast(string(stat), ")")
	fields := strings.Fields(rest)
	if !found || len(fields) < 20 || fields[0] == "Z" || fields[0] == "X" {
		return ""
	}
	return strings.TrimSpace(string(boot)) + " " + fields[19]
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}
