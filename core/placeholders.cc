#include "core/placeholders.h"

namespace tune {

PlaceholderText read_placeholders(std::string_view text) {
  PlaceholderText out;
  PlaceholderPiece literal;
  const auto end_literal = [&](std::size_t at) {
    literal.end = at;
    if (!literal.text.empty()) out.pieces.push_back(literal);
  };
  for (std::size_t i = 0; i < text.size();) {
    if (text.substr(i, 2) != "${") {
      literal.text += text[i];
      i += text.substr(i, 2) == "$$" ? 2 : 1;
      continue;
    }
    end_literal(i);
    const std::size_t close = text.find('}', i);
    if (close == std::string_view::npos) {
      out.unclosed = i;
      return out;
    }
    out.pieces.push_back({true, std::string(text.substr(i + 2, close - i - 2)), i, close + 1});
    i = close + 1;
    literal = {false, {}, i, i};
  }
  end_literal(text.size());
  return out;
}

std::vector<std::string> environment_names(std::string_view text) {
  std::vector<std::string> names;
  for (const PlaceholderPiece& piece : read_placeholders(text).pieces) {
    if (piece.is_placeholder && piece.text.starts_with(kEnvironmentPrefix)) {
      names.push_back(piece.text.substr(kEnvironmentPrefix.size()));
    }
  }
  return names;
}

}  // namespace tune
