package zones

import (
	"archive/zip"
	_ "embed" // the time zone data below
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Version is the release of the IANA time zone database in zoneinfo.zip. The file is lib/time/zoneinfo.zip of Go
// 1.26.8, unchanged; a newer one is taken from a newer Go, and this word with it (lib/time/update.bash names it).
const Version = "2025c"

//go:embed zoneinfo.zip
var data string

// ErrUnknown is returned for a name that the database does not have.
var ErrUnknown = errors.New("no such time zone")

// Load returns the zone of that IANA name, for example Asia/Tokyo, from the embedded data alone; "" is UTC.
func Load(name string) (*time.Location, error) {
	if name == "" || name == "UTC" {
		return time.UTC, nil
	}
	archive, err := open()
	if err != nil {
		return nil, err
	}
	for _, f := range archive.File {
		if f.Name == name && !f.FileInfo().IsDir() {
			return load(f)
		}
	}
	return nil, fmt.Errorf("%w: %q; write an IANA name such as Asia/Tokyo, Europe/Berlin or UTC", ErrUnknown, name)
}

// Names lists every zone that Load knows, in alphabetical order.
func Names() ([]string, error) {
	archive, err := open()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, f := range archive.File {
		if !f.FileInfo().IsDir() {
			names = append(names, f.Name)
		}
	}
	slices.Sort(names)
	return names, nil
}

func open() (*zip.Reader, error) {
	r, err := zip.NewReader(strings.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, fmt.Errorf("open the embedded time zone data: %w", err)
	}
	return r, nil
}

func load(f *zip.File) (*time.Location, error) {
	r, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("open time zone %s: %w", f.Name, err)
	}
	defer func() { _ = r.Close() }() // memory only: nothing to lose
	raw, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read time zone %s: %w", f.Name, err)
	}
	loc, err := time.LoadLocationFromTZData(f.Name, raw)
	if err != nil {
		return nil, fmt.Errorf("parse time zone %s: %w", f.Name, err)
	}
	return loc, nil
}
