package mail

// signedContent takes the content out of an opaque-signed S/MIME part (RFC 8551 §3.5.2): a CMS ContentInfo of SignedData
// (RFC 5652 §5.1), in DER or in BER. The signature is not checked. ok is false where it is something else, such as
// encrypted.
func signedContent(data []byte) (content []byte, ok bool) {
	info, _, ok := readBER(data, 0)
	if !ok || info.tag != 0x30 {
		return nil, false
	}
	kind, rest, ok := readBER(info.value, 0)
	if !ok || kind.tag != 0x06 || string(kind.value) != oidSignedData {
		return nil, false
	}
	wrapped, _, ok := readBER(rest, 0)
	if !ok || wrapped.tag != 0xa0 {
		return nil, false
	}
	signed, _, ok := readBER(wrapped.value, 0)
	if !ok || signed.tag != 0x30 {
		return nil, false
	}
	rest = signed.value
	for range 2 { // version, digest algorithms
		if _, rest, ok = readBER(rest, 0); !ok {
			return nil, false
		}
	}
	inner, _, ok := readBER(rest, 0)
	if !ok || inner.tag != 0x30 {
		return nil, false
	}
	if _, rest, ok = readBER(inner.value, 0); !ok {
		return nil, false
	}
	content0, _, ok := readBER(rest, 0)
	if !ok || content0.tag != 0xa0 {
		return nil, false // detached: the content stands elsewhere
	}
	octets, _, ok := readBER(content0.value, 0)
	if !ok {
		return nil, false
	}
	return joinOctets(octets, 0)
}

// oidSignedData is 1.2.840.113549.1.7.2.
const oidSignedData = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"

// berDepth bounds how deep values of unknown length may nest.
const berDepth = 16

// ber is one value: its first tag byte and what it holds.
type ber struct {
	tag   byte
	value []byte
}

// readBER reads the first value of data and returns what follows it. Tags of more than one byte do not occur here.
func readBER(data []byte, depth int) (v ber, rest []byte, ok bool) {
	if len(data) < 2 || depth > berDepth || data[0]&0x1f == 0x1f {
		return v, nil, false
	}
	v.tag = data[0]
	size, head := int(data[1]), 2
	switch {
	case data[1] == 0x80:
		return readIndefinite(v.tag, data[2:], depth)
	case data[1] > 0x80:
		n := int(data[1] & 0x7f)
		if n > 4 || len(data) < 2+n {
			return v, nil, false
		}
		size, head = 0, 2+n
		for _, b := range data[2 : 2+n] {
			size = size<<8 | int(b)
		}
	}
	if size > len(data)-head {
		return v, nil, false
	}
	v.value = data[head : head+size]
	return v, data[head+size:], true
}

// readIndefinite reads values up to the end-of-contents mark.
func readIndefinite(tag byte, data []byte, depth int) (v ber, rest []byte, ok bool) {
	at := data
	for {
		if len(at) >= 2 && at[0] == 0 && at[1] == 0 {
			return ber{tag, data[:len(data)-len(at)]}, at[2:], true
		}
		if _, at, ok = readBER(at, depth+1); !ok {
			return v, nil, false
		}
	}
}

// joinOctets is an OCTET STRING, whole or in pieces.
func joinOctets(v ber, depth int) ([]byte, bool) {
	switch {
	case v.tag == 0x04:
		return v.value, true
	case v.tag != 0x24 || depth > berDepth:
		return nil, false
	}
	var out []byte
	for rest := v.value; len(rest) > 0; {
		piece, after, ok := readBER(rest, depth)
		if !ok {
			return nil, false
		}
		octets, ok := joinOctets(piece, depth+1)
		if !ok {
			return nil, false
		}
		out, rest = append(out, octets...), after
	}
	return out, true
}
