package main

import (
	"bufio"
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// envFile holds the settings of the children, for a person who runs one of them by hand.
func envFile(dir string) string { return filepath.Join(dir, "env") }

// decideSettings decides the environment of our own children: this process's, with the settings that up knows.
func (u *up) decideSettings() error {
	settings, err := secrets(u.Dir)
	if err != nil {
		return err
	}
	a := u.addresses
	settings["DURADESK_DATABASE_URL"] = u.database
	if u.postgres != nil {
		settings["DURADESK_DATABASE_URL"] = u.postgres.DSN()
	}
	settings["DURADESK_HTTP_ADDR"] = a.http
	settings["DURADESK_SMTP_ADDR"] = a.smtp
	settings["DURADESK_IMAP_ADDR"] = a.imap
	settings["DURADESK_WORKER_HEALTH_ADDR"] = a.workerHealth
	settings["TEMPORAL_ADDRESS"] = reachable(a.temporal)
	settings["DURADESK_BASE_URL"] = cmp.Or(os.Getenv("DURADESK_BASE_URL"), "http://"+reachable(a.http))
	settings["TEMPORAL_NAMESPACE"] = cmp.Or(os.Getenv("TEMPORAL_NAMESPACE"), "default")
	settings["DURADESK_TEMPORAL_UI_URL"] = os.Getenv("DURADESK_TEMPORAL_UI_URL")
	if settings["DURADESK_TEMPORAL_UI_URL"] == "" && a.temporalUI != "" {
		settings["DURADESK_TEMPORAL_UI_URL"] = "http://" + reachable(a.temporalUI)
	}
	u.settings, u.env = settings, os.Environ()
	if os.Getenv("TEMPORAL_ADDRESS") == "" {
		// Keys and profiles are for another Temporal than ours.
		settings["TEMPORAL_CONFIG_FILE"] = os.DevNull
		u.env = slices.DeleteFunc(u.env, func(entry string) bool { return strings.HasPrefix(entry, "TEMPORAL_") })
	}
	for name, value := range settings {
		u.env = append(u.env, name+"="+value)
	}
	return writeSettings(envFile(u.Dir), settings)
}

func (u *up) setting(name string) string { return u.settings[name] }

// secretNames are the settings that up invents where the environment has none, and how.
var secretNames = map[string]func() string{
	"DURADESK_SECRET_KEY":      func() string { return rand.Text() + rand.Text() },
	"DURADESK_BOOTSTRAP_TOKEN": func() string { return "desk_boot_" + strings.ToLower(rand.Text()) },
	"DURADESK_ADMIN_PASSWORD":  func() string { return strings.ToLower(rand.Text()[:16]) },
}

// secrets gives the secret settings: of the environment, else those kept in the state directory, else new ones, which
// are kept for the next time.
func secrets(dir string) (map[string]string, error) {
	file := filepath.Join(dir, "secrets")
	kept, err := readSettings(file)
	if err != nil {
		return nil, err
	}
	used, added := map[string]string{}, false
	for name, invent := range secretNames {
		if given := os.Getenv(name); given != "" {
			used[name] = given
			continue
		}
		if kept[name] == "" {
			kept[name], added = invent(), true
		}
		used[name] = kept[name]
	}
	if !added {
		return used, nil
	}
	return used, writeSettings(file, kept)
}

// readSettings reads lines of NAME='value'; a file that is not there has none.
func readSettings(file string) (map[string]string, error) {
	settings := map[string]string{}
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return settings, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the kept settings: %w", err)
	}
	defer func() { _ = f.Close() }()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if name, value, found := strings.Cut(lines.Text(), "="); found {
			value = strings.TrimSuffix(strings.TrimPrefix(value, "'"), "'")
			settings[name] = strings.ReplaceAll(value, `'\''`, "'")
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read the kept settings: %w", err)
	}
	return settings, nil
}

// writeSettings writes a file that readSettings reads and a shell can source, for nobody else to see.
func writeSettings(file string, settings map[string]string) error {
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		fmt.Fprintf(&text, "%s='%s'\n", name, strings.ReplaceAll(settings[name], "'", `'\''`))
	}
	half := file + ".half"
	err := os.WriteFile(half, []byte(text.String()), 0o600)
	if err == nil {
		err = os.Rename(half, file)
	}
	if err != nil {
		return fmt.Errorf("keep settings: %w", err)
	}
	return nil
}
