//go:build unix && !linux

package supervise

import (
	"os/exec"
	"strconv"
	"strings"
)

// markOf tells a process from others that may get its number later, by the time of its start and its program. It is
// empty for one that has ended, reaped or not.
func markOf(pid int) string {
	out, err := exec.Command("ps", "-o", "state=,lstart=,comm=", "-p", strconv.Itoa(pid)).Output()
	state, rest, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	if err != nil || strings.HasPrefix(state, "Z") {
		return ""
	}
	return strings.Join(strings.Fields(rest), " ")
}
