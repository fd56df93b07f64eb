package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// oldest is the first major version whose SQL Duradesk uses.
const oldest = 14

// Binaries is a directory with initdb and postgres of one version.
type Binaries struct {
	Dir   string
	Major int
}

func (b Binaries) path(program string) string { return filepath.Join(b.Dir, program) }

// errNoBinaries says that this machine has no Postgres that would do.
var errNoBinaries = errors.New("no Postgres found")

// Find looks for Postgres where systems put it: DURADESK_POSTGRES_BIN alone when it is set, else PATH, pg_config,
// Debian's, Red Hat's and Homebrew's directories, and what was fetched earlier. major 0 takes the first that is new
// enough; any other number takes that version alone, because data of one version are not read by another.
func Find(ctx context.Context, major int) (Binaries, error) {
	if dir := os.Getenv("DURADESK_POSTGRES_BIN"); dir != "" {
		b, err := inspect(ctx, dir)
		if err != nil {
			return Binaries{}, fmt.Errorf("DURADESK_POSTGRES_BIN: %w", err)
		}
		if major != 0 && b.Major != major {
			return Binaries{}, fmt.Errorf("DURADESK_POSTGRES_BIN is Postgres %d, but the data were made by Postgres %d", b.Major, major)
		}
		return b, nil
	}
	var others []string
	for _, dir := range candidates(ctx) {
		b, err := inspect(ctx, dir)
		if err != nil {
			continue
		}
		if major == 0 || b.Major == major {
			return b, nil
		}
		others = append(others, fmt.Sprintf("%d in %s", b.Major, dir))
	}
	if major != 0 {
		return Binaries{}, fmt.Errorf("%w of version %d, which made the data (there is: %s)", errNoBinaries, major,
			cmp.Or(strings.Join(others, ", "), "none"))
	}
	return Binaries{}, fmt.Errorf("%w (version %d or newer)", errNoBinaries, oldest)
}

// candidates are directories that may hold the binaries, the best first. They need not exist.
func candidates(ctx context.Context) []string {
	var dirs []string
	if postgres, err := exec.LookPath("postgres"); err == nil {
		// A link on PATH may stand alone; its neighbours are where it leads.
		if real, err := filepath.EvalSymlinks(postgres); err == nil {
			dirs = append(dirs, filepath.Dir(real))
		}
		dirs = append(dirs, filepath.Dir(postgres))
	}
	if out, err := exec.CommandContext(ctx, "pg_config", "--bindir").Output(); err == nil {
		dirs = append(dirs, strings.TrimSpace(string(out)))
	}
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin",             // Debian
		"/usr/pgsql-*/bin",                      // Red Hat, from postgresql.org
		"/usr/libexec/postgresql*",              // Alpine
		"/opt/homebrew/opt/postgresql@*/bin",    // Homebrew on Apple silicon
		"/usr/local/opt/postgresql@*/bin",       // Homebrew on Intel
		"/opt/homebrew/opt/postgresql/bin",      // older Homebrew
		"/usr/local/opt/postgresql/bin",         // older Homebrew
		"/usr/local/pgsql/bin",                  // built from source
		filepath.Join(fetchedDir(), "*", "bin"), // fetched by us
	} {
		found, _ := filepath.Glob(pattern)
		slices.SortFunc(found, func(a, b string) int { return cmp.Compare(versionIn(b), versionIn(a)) })
		dirs = append(dirs, found...)
	}
	return dirs
}

var digits = regexp.MustCompile(`\d+`)

// versionIn is the last whole number in a path.
func versionIn(path string) int {
	all := digits.FindAllString(path, -1)
	if len(all) == 0 {
		return 0
	}
	n, _ := strconv.Atoi(all[len(all)-1])
	return n
}

var versionLine = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

// inspect asks the server in dir for its version.
func inspect(ctx context.Context, dir string) (Binaries, error) {
	if _, err := exec.LookPath(filepath.Join(dir, "initdb")); err != nil {
		return Binaries{}, fmt.Errorf("no initdb in %s", dir)
	}
	out, err := exec.CommandContext(ctx, filepath.Join(dir, "postgres"), "--version").Output()
	if err != nil {
		return Binaries{}, fmt.Errorf("ask %s for its version: %w", filepath.Join(dir, "postgres"), err)
	}
	match := versionLine.FindSubmatch(out)
	if match == nil {
		return Binaries{}, fmt.Errorf("%s says of its version %q", filepath.Join(dir, "postgres"), strings.TrimSpace(string(out)))
	}
	major, _ := strconv.Atoi(string(match[1]))
	if major < oldest {
		return Binaries{}, fmt.Errorf("%s is Postgres %d; at least %d is needed", dir, major, oldest)
	}
	return Binaries{Dir: dir, Major: major}, nil
}

// findOrFetch gets a Postgres when there is none: Debian's package as root, else prebuilt binaries.
func findOrFetch(ctx context.Context, major int, notices io.Writer) (Binaries, error) {
	found, err := Find(ctx, major)
	if err == nil || !errors.Is(err, errNoBinaries) {
		return found, err
	}
	failures := []error{err}
	for _, get := range []func(context.Context, int, io.Writer) error{installPackage, fetchPrebuilt} {
		if err := get(ctx, major, notices); err != nil {
			failures = append(failures, err)
			continue
		}
		found, err := Find(ctx, major)
		if err == nil {
			return found, nil
		}
		failures = append(failures, err)
	}
	return Binaries{}, fmt.Errorf("%w; install Postgres, set DURADESK_POSTGRES_BIN to the directory of its programs, "+
		"or set DURADESK_DATABASE_URL to a server that runs", joined(failures))
}

// joined puts errors into one line, where errors.Join would use several.
func joined(all []error) error {
	err := all[0]
	for _, next := range all[1:] {
		err = fmt.Errorf("%w; %w", err, next)
	}
	return err
}
