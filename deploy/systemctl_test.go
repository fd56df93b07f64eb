package deploy_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/stretchr/testify/require"

	"duradesk/postgres/cluster/tether"
)

// systemd listens for what systemctl is told.
func (m *machine) systemd() string {
	m.t.Helper()
	socket := filepath.Join(m.root, "systemd")
	l, err := new(net.ListenConfig).Listen(m.t.Context(), "unix", socket)
	require.NoError(m.t, err)
	m.t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			words, _ := bufio.NewReader(conn).ReadString('\n')
			if err := m.told(strings.Fields(words)); err != nil {
				_, _ = io.WriteString(conn, err.Error())
			}
			_ = conn.Close()
		}
	}()
	return socket
}

// askTheTest is systemctl: it prints what is wrong.
func askTheTest(socket string, words []string) int {
	conn, err := net.Dial("unix", socket) //nolint:noctx // a program of its own
	if err == nil {
		_, err = fmt.Fprintln(conn, strings.Join(words, " "))
	}
	var wrong []byte
	if err == nil {
		wrong, err = io.ReadAll(conn)
	}
	if err != nil || len(wrong) > 0 {
		fmt.Fprintln(os.Stderr, "systemctl:", err, string(wrong))
		return 1
	}
	return 0
}

// told does what systemctl was told.
func (m *machine) told(words []string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	verb, names := words[0], words[1:]
	if len(names) > 0 && names[0] == "--now" {
		names = names[1:]
	}
	for _, name := range names {
		if name == "postgresql" {
			continue // it is the test's, and runs
		}
		if verb == "stop" || verb == "restart" {
			m.stop(name)
		}
		if verb == "enable" || verb == "start" || verb == "restart" {
			if err := m.start(name); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return nil
}

// start starts an installed unit, after those that it requires.
func (m *machine) start(name string) error {
	if _, runs := m.units[name]; runs {
		return nil
	}
	unit := unitOf(m.t, filepath.Join(m.root, "etc/systemd/system", name+".service"))
	for _, other := range unit["Unit.Requires"] {
		if err := m.start(strings.TrimSuffix(other, ".service")); err != nil {
			return err
		}
	}
	env := map[string]string{}
	for _, file := range unit["Service.EnvironmentFile"] {
		var err error
		if env, err = dotenv.Read(m.here(file)); err != nil {
			return err
		}
	}
	words := strings.Fields(m.here(unit["Service.ExecStart"][0]))
	cmd := exec.Command(words[0], words[1:]...) //nolint:gosec // of the unit
	for k, v := range env {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	log, err := os.OpenFile(filepath.Join(m.root, "var/log", name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	cmd.Stdout, cmd.Stderr = log, log
	p, err := tether.Start(cmd, syscall.SIGKILL)
	if err != nil {
		return err
	}
	m.units[name] = p
	if unit["Service.Type"][0] != "oneshot" {
		return nil
	}
	<-p.Done()
	return p.Err()
}

func (m *machine) stop(name string) {
	p, runs := m.units[name]
	if !runs {
		return
	}
	delete(m.units, name)
	p.Signal(syscall.SIGTERM)
	select {
	case <-p.Done():
	case <-time.After(30 * time.Second):
		p.Signal(syscall.SIGKILL)
		<-p.Done()
	}
}
