package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"duradesk/postgres/cluster"
	"duradesk/postgres/cluster/tether"
)

// limb is a process of the desk that the test itself starts, stops and kills.
type limb struct {
	name  string
	begin func(env ...string) (process, error)

	mu  sync.Mutex
	now process
}

// process is one that runs, a whole Postgres too.
type process interface {
	PID() int
	Done() <-chan struct{}
}

// start starts it, again and again: what held a port or a directory a moment ago may hold it a moment longer.
func (l *limb) start(env ...string) error {
	var err error
	for range 20 {
		var p process
		if p, err = l.begin(env...); err == nil {
			l.mu.Lock()
			l.now = p
			l.mu.Unlock()
			return nil
		}
		<-time.After(250 * time.Millisecond)
	}
	return fmt.Errorf("start %s: %w", l.name, err)
}

func (l *limb) current() process {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.now
}

// kill ends it at once, as kill -9 does.
func (l *limb) kill() {
	p := l.current()
	_ = syscall.Kill(p.PID(), syscall.SIGKILL)
	<-p.Done()
}

// end asks it to end, and kills it if it does not.
func (l *limb) end() {
	p := l.current()
	_ = syscall.Kill(p.PID(), syscall.SIGTERM)
	select {
	case <-p.Done():
	case <-time.After(20 * time.Second):
		l.kill()
	}
}

// freeze stops it with all its children, as a machine does that swaps or a hypervisor that moves it; thaw lets them go on.
func (l *limb) freeze() { signalAll(l.current().PID(), syscall.SIGSTOP) }
func (l *limb) thaw()   { signalAll(l.current().PID(), syscall.SIGCONT) }

func signalAll(pid int, sig syscall.Signal) {
	for _, one := range family(pid) {
		_ = syscall.Kill(one, sig)
	}
}

// family is a process with its children.
func family(pid int) []int {
	family := []int{pid}
	children, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	for _, child := range strings.Fields(string(children)) {
		if n, err := strconv.Atoi(child); err == nil {
			family = append(family, n)
		}
	}
	return family
}

// limbs of a desk that stands on a Postgres, a Temporal and a mail server of the test. elsewhere are the settings of those
// who do not listen where others look for them, because a wire lies between.
func (d *desk) limbs(dir string, elsewhere map[string][]string, begun func(*cluster.Cluster)) map[string]*limb {
	out := map[string]*limb{
		partPostgres: {begin: func(...string) (process, error) {
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			c, err := cluster.Start(ctx, cluster.Options{Dir: filepath.Join(dir, "postgres"), SharedBuffers: "32MB"})
			if err != nil {
				return nil, err
			}
			begun(c)
			return c, nil
		}},
		partTemporal: {begin: func(...string) (process, error) {
			return d.launchTemporal(elsewhere[partTemporal][0], filepath.Join(dir, "temporal", "temporal.db"))
		}},
	}
	for _, own := range []string{partMail, partWorker, partAPI} {
		out[own] = &limb{begin: func(env ...string) (process, error) {
			return d.launch(own, slices.Concat(elsewhere[own], env)...)
		}}
	}
	for name, l := range out {
		l.name = name
	}
	return out
}

var temporalFound struct {
	once sync.Once
	path string
	err  error
}

// temporalProgram is the server that `up` would run, asked for once: a storm starts it again and again.
func (d *desk) temporalProgram() (string, error) {
	temporalFound.once.Do(func() {
		said, err := d.command("devserver").Output()
		temporalFound.path, temporalFound.err = strings.TrimSpace(string(said)), err
	})
	return temporalFound.path, temporalFound.err
}

// launchTemporal runs the server that `up` would run, at an address.
func (d *desk) launchTemporal(address, file string) (*tether.Process, error) {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return nil, err
	}
	path, err := d.temporalProgram()
	if err != nil {
		return nil, err
	}
	ui, err := listenSomewhere()
	if err != nil {
		return nil, err
	}
	_ = ui.Close()
	cmd := d.command()
	cmd.Path = path
	cmd.Args = append(cmd.Args, "server", "start-dev", "--port", port(address), "--ui-port", port(ui.Addr().String()), "--db-filename", file, "--log-level", "error")
	return tether.Start(cmd, syscall.SIGKILL)
}
