package cluster

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// whoever gives the cases for root, or for the ordinary user who runs the tests the one he has.
func whoever(t *testing.T) map[string]func(*exec.Cmd) {
	t.Helper()
	if os.Geteuid() != 0 {
		return map[string]func(*exec.Cmd){"ordinary user": nil}
	}
	_, uid, gid := unprivileged()
	return map[string]func(*exec.Cmd){
		"root with user namespaces":    nil,
		"root without user namespaces": withoutNamespaces,
		"ordinary user": func(cmd *exec.Cmd) {
			cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		},
	}
}

// withoutNamespaces starts the program as a root who may not make user namespaces: in one of his own, with the same
// numbers, where the limit can be set to none.
func withoutNamespaces(cmd *exec.Cmd) {
	same := []syscall.SysProcIDMap{{ContainerID: 0, HostID: 0, Size: 65536}}
	cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
	cmd.SysProcAttr.UidMappings, cmd.SysProcAttr.GidMappings = same, same
	cmd.SysProcAttr.GidMappingsEnableSetgroups = true
	cmd.Env = append(cmd.Env, "CLUSTER_FORBID_NAMESPACES=1")
}

func TestEveryUserKeepsHisData(t *testing.T) {
	t.Parallel()
	for name, change := range whoever(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(publicDir(t), "postgres")
			if name == "ordinary user" && os.Geteuid() == 0 {
				_, uid, gid := unprivileged()
				require.NoError(t, os.Mkdir(dir, 0o755))
				require.NoError(t, os.Chown(dir, uid, gid))
			}
			s := run(t, dir, change)
			execute(t, s.dsn, `CREATE TABLE kept AS SELECT 'here' AS it`)
			s.stop(t)
			s = run(t, dir, change)
			require.Equal(t, "here", query(t, s.dsn, `SELECT it FROM kept`))
			s.kill()
			s = run(t, dir, change)
			require.Equal(t, "here", query(t, s.dsn, `SELECT it FROM kept`))
			s.stop(t)
		})
	}
}

// Below a directory that is root's alone, as /root is, only the namespace way can stay; the other one goes elsewhere
// and says so.
func TestRootsOwnDirectory(t *testing.T) {
	t.Parallel()
	for name, change := range whoever(t) {
		if name == "ordinary user" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			closed := publicDir(t)
			require.NoError(t, os.Chmod(closed, 0o700))
			dir := filepath.Join(closed, "postgres")
			s := run(t, dir, change)
			execute(t, s.dsn, `CREATE TABLE kept AS SELECT 'here' AS it`)
			s.stop(t)
			if change == nil {
				require.Empty(t, s.notices)
				require.FileExists(t, filepath.Join(dir, "data", "PG_VERSION"))
			} else {
				require.Contains(t, s.notices, "with its data in "+elsewhere(dir))
				require.FileExists(t, filepath.Join(elsewhere(dir), "PG_VERSION"))
			}

			s = run(t, dir, change)
			require.Equal(t, "here", query(t, s.dsn, `SELECT it FROM kept`))
			s.stop(t)
			require.NoError(t, Remove(dir))
			require.NoDirExists(t, dir)
			require.NoDirExists(t, elsewhere(dir))
		})
	}
}

// What one way made the other can go on with, and root can go on with an ordinary user's.
func TestTheWayMayChange(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		require.Len(t, whoever(t), 1, "an ordinary user has one way")
		return
	}
	all := whoever(t)
	for _, order := range [][]string{
		{"root with user namespaces", "root without user namespaces", "root with user namespaces"},
		{"ordinary user", "root with user namespaces", "ordinary user"},
	} {
		t.Run(order[0], func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(publicDir(t), "postgres")
			require.NoError(t, os.Mkdir(dir, 0o755))
			_, uid, gid := unprivileged()
			require.NoError(t, os.Chown(dir, uid, gid))
			for n, way := range order {
				s := run(t, dir, all[way])
				if n == 0 {
					execute(t, s.dsn, `CREATE TABLE kept AS SELECT 'here' AS it`)
				}
				require.Equal(t, "here", query(t, s.dsn, `SELECT it FROM kept`), way)
				s.stop(t)
			}
		})
	}
}

func TestDataOfSomebodyElseAreRefused(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		require.ErrorContains(t, ownData("/proc/1"), "belong to user 0")
		return
	}
	dir := publicDir(t)
	start(t, Options{Dir: dir})
	cmd := command(dir, whoever(t)["ordinary user"])
	out, err := cmd.Output()
	require.Error(t, err)
	require.Contains(t, string(out), "belong to user 0: start as that user")
}
