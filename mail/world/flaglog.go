package world

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/emersion/go-imap/v2"
)

// A logLine is one line of flags.log: either the flags that a message has from now on, or the UID below which none
// is ever given again.
type logLine struct {
	UID   imap.UID `json:"uid,omitempty"`
	Flags flagSet  `json:"flags,omitempty"`
	Next  imap.UID `json:"next,omitempty"`
}

// A flagLog is the state that the lines of a flags.log add up to.
type flagLog struct {
	flags   map[imap.UID]flagSet
	next    imap.UID
	lines   int
	damaged int // lines that could not be read, a torn last one included
}

// readLog adds up the lines of a log. A missing file is an empty log; a line that cannot be read is counted and
// skipped, since the messages themselves do not depend on it.
func readLog(path string) (flagLog, error) {
	log := flagLog{flags: make(map[imap.UID]flagSet), next: 1}
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return log, err
	}
	for len(data) > 0 {
		text, rest, whole := bytes.Cut(data, []byte("\n"))
		data = rest
		var line logLine
		if !whole || json.Unmarshal(text, &line) != nil {
			log.damaged++
			continue
		}
		log.lines++
		if line.UID != 0 {
			log.flags[line.UID] = newFlagSet(line.Flags)
		}
		log.next = max(log.next, line.Next)
	}
	return log, nil
}

func encodeLines(lines []logLine) ([]byte, error) {
	var data bytes.Buffer
	encoder := json.NewEncoder(&data)
	encoder.SetEscapeHTML(false)
	for _, line := range lines {
		if err := encoder.Encode(line); err != nil {
			return nil, err
		}
	}
	return data.Bytes(), nil
}

// appendLog adds lines to a log and syncs it. When that fails the log is cut back, so that no later line follows half
// a line.
func appendLog(path string, lines []logLine) (err error) {
	data, err := encodeLines(lines)
	if err != nil {
		return fmt.Errorf("encode flags: %w", err)
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	before, err := file.Stat()
	if err != nil {
		return err
	}
	if _, err = file.Write(data); err == nil {
		err = file.Sync()
	}
	if err != nil {
		return errors.Join(err, file.Truncate(before.Size()))
	}
	if before.Size() == 0 {
		// The file may be new: its name must survive as well.
		return syncDir(filepath.Dir(path))
	}
	return nil
}
