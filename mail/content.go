package mail

import (
	"bytes"
	"strings"
)

// decodeTransfer undoes the Content-Transfer-Encoding (RFC 2045 §6). ok is false if the encoding is unknown (the bytes
// are then given as they are) or the content plainly damaged.
func decodeTransfer(body []byte, encoding string) (content []byte, ok bool) {
	encoding, _ = cutComments(encoding)
	encoding = strings.ToLower(strings.Trim(encoding, " \t;\"'"))
	switch encoding {
	case "base64", "b", "base-64":
		clean, ok := dropProse(body)
		if clean == nil && !ok {
			return body, false
		}
		return decodeBase64(clean), ok
	case "quoted-printable", "q", "quotedprintable", "quoted_printable":
		return decodeQP(body), true
	case "x-uuencode", "uuencode", "x-uue", "uue":
		if files := uuFiles(body); len(files) > 0 {
			return files[0].data, true
		}
		return body, false
	case "", "7bit", "8bit", "binary", "7-bit", "8-bit", "7bits", "8bits", "none":
		return body, true
	}
	return body, false
}

// dropProse removes lines that cannot be base64: footers that list servers append without knowing the encoding. Where
// the first line is such, the declaration is wrong: clean is nil, and the body is to be taken as it is.
func dropProse(body []byte) (clean []byte, ok bool) {
	if !bytes.ContainsAny(body, "!?.,:;()'\"<>*[]_-") {
		return body, true
	}
	clean, ok = make([]byte, 0, len(body)), true
	first := true
	for pos := 0; pos < len(body); {
		line, next := lineAt(body, pos)
		line = bytes.TrimSpace(line)
		odd := bytes.ContainsAny(line, "!?.,:;()'\"<>*[] ") || len(line) > 4 && len(bytes.Trim(line, "_-=")) == 0
		switch {
		case len(line) == 0:
		case odd && first:
			return nil, false
		case odd:
			ok = false
		default:
			first = false
			clean = append(clean, body[pos:next]...)
		}
		pos = next
	}
	return clean, ok
}

// decodeQP decodes quoted-printable; a "=" that starts no escape stays.
func decodeQP(in []byte) []byte {
	out := make([]byte, 0, len(in))
	for len(in) > 0 {
		line := in
		ending := []byte(nil)
		if i := bytes.IndexByte(in, '\n'); i >= 0 {
			line, ending, in = in[:i], in[i:i+1], in[i+1:]
		} else {
			in = nil
		}
		if n := len(line); n > 0 && line[n-1] == '\r' {
			line = line[:n-1]
			if ending != nil {
				ending = []byte("\r\n")
			}
		}
		line = bytes.TrimRight(line, " \t")
		soft := bytes.HasSuffix(line, []byte("="))
		line = bytes.TrimSuffix(line, []byte("="))
		for i := 0; i < len(line); i++ {
			if line[i] == '=' && i+2 < len(line) && isHex(line[i+1]) && isHex(line[i+2]) {
				out = append(out, unhex(line[i+1])<<4|unhex(line[i+2]))
				i += 2
				continue
			}
			out = append(out, line[i])
		}
		if !soft {
			out = append(out, ending...)
		}
	}
	return out
}

// uuFile is a file found in a text by its uuencode frame.
type uuFile struct {
	name     string
	data     []byte
	from, to int // where the block stands in the text
}

// uuFiles finds the complete uuencoded blocks in a text: "begin 644 name", lines, "end".
func uuFiles(text []byte) []uuFile {
	var files []uuFile
	pos := 0
	for pos < len(text) && len(files) < 100 {
		line, next := lineAt(text, pos)
		if bytes.HasPrefix(line, []byte("begin ")) {
			if f, ok := uuBlock(text, line, pos, next); ok {
				files = append(files, f)
				next = f.to
			}
		}
		pos = next
	}
	return files
}

func uuBlock(text, begin []byte, start, pos int) (uuFile, bool) {
	fields := strings.SplitN(string(begin), " ", 3)
	if len(fields) < 3 || len(fields[1]) < 3 || len(fields[1]) > 4 || strings.Trim(fields[1], "01234567") != "" {
		return uuFile{}, false
	}
	f := uuFile{name: fields[2], from: start}
	for pos < len(text) {
		line, next := lineAt(text, pos)
		if string(line) == "end" {
			f.to = next
			return f, len(f.data) > 0
		}
		data, ok := uuLine(line)
		if !ok {
			return uuFile{}, false
		}
		f.data = append(f.data, data...)
		pos = next
	}
	return uuFile{}, false
}

func uuLine(line []byte) ([]byte, bool) {
	if len(line) == 0 || len(bytes.TrimSpace(line)) == 0 {
		return nil, true
	}
	n := int(line[0]-' ') & 0x3f
	if line[0] < ' ' || line[0] > '`' || len(line) > 90 {
		return nil, false
	}
	digits := line[1:]
	var out []byte
	for i := 0; i < len(digits); i += 4 {
		var q [4]byte
		for j := range q {
			if i+j < len(digits) {
				q[j] = (digits[i+j] - ' ') & 0x3f
			}
		}
		out = append(out, q[0]<<2|q[1]>>4, q[1]<<4|q[2]>>2, q[2]<<6|q[3])
	}
	return out[:min(n, len(out))], len(out) >= n
}
