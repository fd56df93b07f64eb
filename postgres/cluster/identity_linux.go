package cluster

import "syscall"

// namespaced runs Postgres in a user namespace where root is an ordinary user. Outside it stays root's process and
// root's files, so it works in any directory of root's, below /root as well. It gives nothing where it is known not
// to work; where the kernel forbids it, the first try tells.
func namespaced() []identity {
	// initdb wants the name of the user it runs as, so it must be one that exists.
	_, uid, gid := unprivileged()
	return []identity{{
		name: "root in a user namespace",
		attr: &syscall.SysProcAttr{
			Cloneflags:  syscall.CLONE_NEWUSER,
			UidMappings: []syscall.SysProcIDMap{{ContainerID: uid, HostID: 0, Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{ContainerID: gid, HostID: 0, Size: 1}},
		},
	}}
}
