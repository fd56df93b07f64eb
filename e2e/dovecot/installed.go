package dovecot

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"

	"github.com/stretchr/testify/require"
)

// owner is who owns the mails: Debian's nobody, or whoever runs the tests where that is not root.
func owner() int {
	if id := os.Geteuid(); id != 0 {
		return id
	}
	return 65534
}

func group() int {
	if id := os.Getegid(); os.Geteuid() != 0 {
		return id
	}
	return 65534
}

// give makes a file or directory the owner's.
func give(t Owner, path string) {
	t.Helper()
	if os.Geteuid() == 0 {
		require.NoError(t, os.Chown(path, owner(), owner()))
	}
}

// program is where Dovecot is: /usr/sbin is not on the path of an ordinary user of Debian.
func program() string {
	for _, name := range []string{"dovecot", "/usr/sbin/dovecot", "/usr/local/sbin/dovecot"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

const missing = "the tests of mail need a real mail server, Dovecot, which is not installed: sudo apt-get install dovecot-imapd dovecot-lmtpd"

var installed = sync.OnceValue(func() error {
	if program() != "" {
		return nil
	}
	if os.Geteuid() != 0 {
		return errors.New(missing)
	}
	install := exec.Command("sh", "-c", "apt-get update -qq && apt-get install -y -qq --no-install-recommends dovecot-imapd dovecot-lmtpd")
	install.Env = append(os.Environ(), "RUNLEVEL=1", "DEBIAN_FRONTEND=noninteractive")
	if out, err := install.CombinedOutput(); err != nil {
		return fmt.Errorf("%s (%w)\n%s", missing, err, out)
	}
	return nil
})
