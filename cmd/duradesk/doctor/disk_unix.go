//go:build unix

package doctor

import "syscall"

// freeBytes is what an ordinary user may still write on the disk of a folder.
func freeBytes(folder string) (uint64, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(folder, &s); err != nil {
		return 0, err
	}
	return s.Bavail * uint64(s.Bsize), nil // block sizes are small; types differ between systems
}
