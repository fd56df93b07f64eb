package e2e

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"duradesk/postgres/cluster/tether"
)

// kept is a part that the test starts again when it has killed itself, without telling it to do so again.
type kept struct {
	stop func()
	over chan struct{}
	died chan time.Time // holds the time of its first death
}

func (d *desk) keep(part string, env ...string) *kept {
	d.t.Helper()
	ctx, cancel := context.WithCancel(d.t.Context())
	k := &kept{stop: cancel, over: make(chan struct{}), died: make(chan time.Time, 1)}
	go func() {
		defer close(k.over)
		for {
			p, err := d.launch(part, env...)
			if err != nil {
				d.t.Errorf("start %s: %v", part, err)
				return
			}
			select {
			case <-ctx.Done():
				p.Signal(syscall.SIGTERM)
				select {
				case <-p.Done():
				case <-time.After(20 * time.Second):
					p.Signal(os.Kill)
					<-p.Done()
				}
				return
			case <-p.Done():
			}
			if err := p.Err(); err == nil || !strings.Contains(err.Error(), "killed") {
				d.t.Errorf("%s ended by itself: %v", part, err)
				return
			}
			select {
			case k.died <- time.Now():
			default:
				d.t.Errorf("%s died twice", part)
			}
			env = nil
		}
	}()
	d.t.Cleanup(k.end)
	return k
}

// death is when it killed itself, zero if it did not.
func (k *kept) death() time.Time {
	select {
	case at := <-k.died:
		k.died <- at
		return at
	default:
		return time.Time{}
	}
}

func (k *kept) end() {
	k.stop()
	<-k.over
}

// launch starts a part that `up` left out, with the settings that `up` wrote down for that.
func (d *desk) launch(part string, env ...string) (*tether.Process, error) {
	cmd := d.command(part)
	if part == partMail {
		cmd.Args = append(cmd.Args, "--dir", filepath.Join(d.dir, "mail"))
	}
	for name, value := range d.settings {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	cmd.Env = append(cmd.Env, env...)
	log, err := os.OpenFile(filepath.Join(d.dir, "log", part+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }()
	cmd.Stdout, cmd.Stderr = log, log
	return tether.Start(cmd, syscall.SIGKILL)
}
