package world

import (
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"
)

// systemFlags are the flags of RFC 9051 §2.3.2, in the spelling that is sent. \Recent is left out on purpose: it
// cannot be set by a client and IMAP4rev2 has dropped it.
var systemFlags = []imap.Flag{imap.FlagAnswered, imap.FlagFlagged, imap.FlagDeleted, imap.FlagSeen, imap.FlagDraft}

// A flagSet is sorted, without doubles, and never changed in place, so that a snapshot may share it.
type flagSet []imap.Flag

func newFlagSet(flags []imap.Flag) flagSet {
	var set flagSet
	for _, flag := range flags {
		if flag = canonicalFlag(flag); flag != "" && !set.has(flag) {
			set = append(set, flag)
		}
	}
	slices.Sort(set)
	return set
}

// canonicalFlag returns a system flag in its own spelling, a keyword as it is, and "" for what nobody may set.
func canonicalFlag(flag imap.Flag) imap.Flag {
	for _, system := range systemFlags {
		if strings.EqualFold(string(system), string(flag)) {
			return system
		}
	}
	if strings.HasPrefix(string(flag), `\`) {
		return ""
	}
	return flag
}

// has says whether the flag is set; flags and keywords have no case (RFC 9051 §2.3.2).
func (s flagSet) has(flag imap.Flag) bool {
	return slices.ContainsFunc(s, func(have imap.Flag) bool {
		return strings.EqualFold(string(have), string(flag))
	})
}

// apply returns the set that a STORE makes of this one.
func (s flagSet) apply(op imap.StoreFlagsOp, flags []imap.Flag) flagSet {
	switch op {
	case imap.StoreFlagsAdd:
		return newFlagSet(slices.Concat(s, flags))
	case imap.StoreFlagsDel:
		gone := newFlagSet(flags)
		return slices.DeleteFunc(slices.Clone(s), gone.has)
	default:
		return newFlagSet(flags)
	}
}
