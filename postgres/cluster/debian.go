package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// installPackage installs Debian's Postgres without starting a cluster of Debian's own. Only root can.
func installPackage(ctx context.Context, major int, notices io.Writer) error {
	if os.Geteuid() != 0 {
		return errors.New("apt-get is root's")
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		return errors.New("no apt-get here")
	}
	name := "postgresql"
	if major != 0 {
		name += "-" + strconv.Itoa(major)
	}
	fmt.Fprintf(notices, "No Postgres found: installing the package %s with apt-get, once\n", name)
	if err := aptGet(ctx, "install", "postgresql-common"); err != nil {
		fmt.Fprintln(notices, "Refreshing the package lists with apt-get update")
		if err := aptGet(ctx, "update"); err != nil {
			return err
		}
		if err := aptGet(ctx, "install", "postgresql-common"); err != nil {
			return err
		}
	}
	if err := forbidMainCluster("/etc/postgresql-common"); err != nil {
		return err
	}
	return aptGet(ctx, "install", name)
}

func aptGet(ctx context.Context, verb string, packages ...string) error {
	args := []string{"-y", "-q", "-o", "DPkg::Lock::Timeout=120", "-o", "Dpkg::Options::=--force-confold"}
	args = append(args, verb)
	if verb == "install" {
		args = append(args, "--no-install-recommends")
	}
	cmd := exec.CommandContext(ctx, "apt-get", append(args, packages...)...)
	// RUNLEVEL keeps service scripts from starting anything, as Debian's tools do in a chroot.
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive", "RUNLEVEL=1", "LC_ALL=C")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("apt-get %s %s: %w: %s", verb, strings.Join(packages, " "), err, lastLine(out))
	}
	return nil
}

// forbidMainCluster keeps the package from making and starting the cluster "main".
func forbidMainCluster(dir string) error {
	file := filepath.Join(dir, "createcluster.conf")
	content, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("keep Debian from starting a cluster: %w", err)
	}
	const setting = "create_main_cluster = false"
	for line := range strings.Lines(string(content)) {
		if strings.TrimSpace(line) == setting {
			return nil
		}
	}
	content = append(bytes.TrimRight(content, "\n"), "\n"+setting+"\n"...)
	if err := os.WriteFile(file, content, 0o644); err != nil {
		return fmt.Errorf("keep Debian from starting a cluster: %w", err)
	}
	return nil
}

func lastLine(out []byte) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}
