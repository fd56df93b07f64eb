//go:build !unix

package world

import "os"

// lockFile can only hold the file open where there is no flock; the directory has one owner by agreement.
func lockFile(path string) (unlock func() error, err error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	return file.Close, nil
}
