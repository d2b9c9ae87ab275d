#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gibsey::net::testing {

/// Opcodes of RFC 6455 section 5.2.
enum class Opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

inline std::string frame_head(Opcode opcode, std::size_t length, bool last, bool masked) {
  std::string out(1, static_cast<char>((last ? 0x80 : 0) | static_cast<int>(opcode)));
  const int mask_bit = masked ? 0x80 : 0;
  const auto append = [&out](std::size_t value, int bytes) {
    for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8)
      out.push_back(static_cast<char>((value >> static_cast<unsigned>(shift)) & 0xFFU));
  };
  if (length < 126) {
    out.push_back(static_cast<char>(mask_bit | static_cast<int>(length)));
  } else if (length < 65'536) {
    out.push_back(static_cast<char>(mask_bit | 126));
    append(length, 2);
  } else {
    out.push_back(static_cast<char>(mask_bit | 127));
    append(length, 8);
  }
  return out;
}

/// A frame as a client must send it. `last`: the last, or only, of its message.
inline std::string masked_frame(Opcode opcode, std::string_view content, bool last = true) {
  static constexpr char kMask[4] = {'\x37', '\xFA', '\x21', '\x3D'};
  auto out = frame_head(opcode, content.size(), last, true) + std::string(kMask, 4);
  for (std::size_t i = 0; i < content.size(); ++i) out.push_back(static_cast<char>(content[i] ^ kMask[i % 4]));
  return out;
}

/// A frame as a server sends it and a client must not.
inline std::string unmasked_frame(Opcode opcode, std::string_view content) {
  return frame_head(opcode, content.size(), true, false) + std::string(content);
}

struct ServerFrame {
  Opcode opcode = Opcode::text;
  bool last = true;
  std::string content;

  /// Of a close frame; 0 when it has none.
  [[nodiscard]] int close_code() const {
    if (content.size() < 2) return 0;
    return (static_cast<unsigned char>(content[0]) << 8) | static_cast<unsigned char>(content[1]);
  }
};

/// Takes the first whole frame off `bytes`; nullopt when there is none yet.
inline std::optional<ServerFrame> take_server_frame(std::string& bytes) {
  const auto byte = [&bytes](std::size_t at) { return static_cast<std::size_t>(static_cast<unsigned char>(bytes[at])); };
  if (bytes.size() < 2) return std::nullopt;
  std::size_t head = 2;
  std::size_t length = byte(1);
  if (length >= 126) {
    head += length == 126 ? 2 : 8;
    if (bytes.size() < head) return std::nullopt;
    length = 0;
    for (std::size_t i = 2; i < head; ++i) length = length << 8U | byte(i);
  }
  if (bytes.size() - head < length) return std::nullopt;
  ServerFrame frame{static_cast<Opcode>(byte(0) & 0x0FU), (byte(0) & 0x80U) != 0, bytes.substr(head, length)};
  bytes.erase(0, head + length);
  return frame;
}

}  // namespace gibsey::net::testing
