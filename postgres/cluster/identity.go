package cluster

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// identity is whom Postgres runs as. Postgres refuses to run as root, so root has to become somebody else.
type identity struct {
	name     string
	uid, gid int                  // whom the files on disk belong to
	attr     *syscall.SysProcAttr // nil: as this process
}

func (i identity) apply(cmd *exec.Cmd) {
	if i.attr == nil {
		return
	}
	attr := *i.attr
	cmd.SysProcAttr = &attr
}

// own gives a file or a directory with all in it to the identity. Only root has anything to give.
func (i identity) own(path string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	err := filepath.WalkDir(path, func(name string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(name, i.uid, i.gid)
	})
	if err != nil {
		return fmt.Errorf("give %s to %s: %w", path, i.name, err)
	}
	return nil
}

// canUse tries whether the identity can write in the directory and run the server there.
func (i identity) canUse(ctx context.Context, dir string, binaries Binaries) error {
	const try = `cd "$1" && : >.duradesk-probe && rm .duradesk-probe && exec "$2" --version`
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", try, "sh", dir, binaries.path("postgres"))
	cmd.Dir = "/"
	i.apply(cmd)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("as %s: %w", i.name, errors.Join(err, errors.New(strings.TrimSpace(string(out)))))
	}
	return nil
}

// self runs Postgres as the user of this process.
func self() identity {
	return identity{name: "this user", uid: os.Geteuid(), gid: os.Getegid()}
}

// dropped becomes an ordinary user for good.
func dropped(name string, uid, gid int) identity {
	credential := &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return identity{name: "user " + name, uid: uid, gid: gid, attr: &syscall.SysProcAttr{Credential: credential}}
}

// unprivileged is a user that exists on this machine and is not root.
func unprivileged() (name string, uid, gid int) {
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.ParseInt(u.Uid, 10, 64)
		gid, gidErr := strconv.ParseInt(u.Gid, 10, 64)
		if uidErr == nil && gidErr == nil {
			return name, int(uint32(uid)), int(uint32(gid))
		}
	}
	return "nobody", 65534, 65534
}

// settle decides as whom Postgres runs and where its data lie, and makes the data directory. Data that are there
// stay where and whose they are.
func settle(ctx context.Context, o Options, binaries Binaries, made *record) (identity, string, error) {
	places := []string{filepath.Join(o.Dir, "data")}
	if made != nil {
		places = []string{made.Data}
	}
	if os.Geteuid() != 0 {
		if err := os.MkdirAll(places[0], 0o700); err != nil {
			return identity{}, "", fmt.Errorf("make the Postgres data directory: %w", err)
		}
		return self(), places[0], nil
	}
	if made == nil {
		places = append(places, elsewhere(o.Dir))
	}

	var failures []error
	for n, way := range rootWays(o, places[0], made) {
		for _, place := range places {
			err := way.settleIn(ctx, place, binaries)
			if err == nil {
				if n > 0 || place != places[0] {
					fmt.Fprintf(o.Notices, "Postgres does not run as root: it runs as %s, with its data in %s\n", way.name, place)
				}
				return way, place, nil
			}
			if ctx.Err() != nil {
				return identity{}, "", fmt.Errorf("try to run Postgres: %w", ctx.Err())
			}
			failures = append(failures, fmt.Errorf("%s: %w", place, err))
		}
	}
	return identity{}, "", fmt.Errorf("find a user that may run Postgres for root: %w", errors.Join(failures...))
}

func (i identity) settleIn(ctx context.Context, place string, binaries Binaries) error {
	_, err := os.Lstat(place)
	fresh := errors.Is(err, fs.ErrNotExist)
	if err := os.MkdirAll(filepath.Dir(place), 0o755); err != nil {
		return err
	}
	if err := os.MkdirAll(place, 0o700); err != nil {
		return err
	}
	if err := i.own(place); err != nil {
		return err
	}
	err = i.canUse(ctx, place, binaries)
	if err != nil && fresh {
		_ = os.Remove(place)
	}
	return err
}

// rootWays are the ways for root to run Postgres, the best first.
func rootWays(o Options, data string, made *record) []identity {
	if o.rootWays != nil {
		return o.rootWays
	}
	if made != nil {
		// Data of an ordinary user stay his.
		if uid, gid, err := ownerOf(data); err == nil && uid != 0 {
			return []identity{dropped(strconv.Itoa(uid), uid, gid)}
		}
	}
	return append(namespaced(), dropped(unprivileged()))
}

// ownData refuses data of somebody else: Postgres would, in harder words. Root may do what it likes.
func ownData(data string) error {
	uid, _, err := ownerOf(data)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look at the Postgres data: %w", err)
	}
	if me := os.Geteuid(); me != 0 && uid != me {
		return fmt.Errorf("the Postgres data in %s belong to user %d: start as that user, or choose another directory", data, uid)
	}
	return nil
}

func ownerOf(path string) (uid, gid int, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, 0, err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, fmt.Errorf("tell the owner of %s", path)
	}
	return int(stat.Uid), int(stat.Gid), nil
}

// elsewhere is the data directory for a cluster whose own directory the other user cannot reach, as below /root.
func elsewhere(dir string) string {
	sum := sha256.Sum256([]byte(dir))
	return filepath.Join("/var/lib/duradesk", "postgres-"+hex.EncodeToString(sum[:6]))
}
