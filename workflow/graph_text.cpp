#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/strings.h"
#include "workflow/graph.h"

namespace workflow {

namespace {

/// Lines that meet in one character.
enum Direction : unsigned { kLeft = 1, kRight = 2, kUp = 4, kDown = 8 };
constexpr unsigned kCross = kLeft | kRight | kUp | kDown;
constexpr std::array<std::string_view, 16> kLines{" ", "╴", "╶", "─", "╵", "┘", "└", "┴",
                                                  "╷", "┐", "┌", "┬", "│", "┤", "├", "┼"};

// More columns than this no terminal shows.
constexpr std::size_t kMostCells = 2'000'000;

struct Cell {
  unsigned lines = 0;
  std::string text;  // instead of lines; a whole character
};

class Canvas {
 public:
  Cell& at(std::size_t row, std::size_t column) {
    if (rows_.size() <= row) rows_.resize(row + 1);
    if (rows_[row].size() <= column) rows_[row].resize(column + 1);
    return rows_[row][column];
  }
  void horizontal(std::size_t row, std::size_t from, std::size_t to) {
    for (std::size_t column = from; column <= to; ++column) {
      if (column > from) at(row, column).lines |= kLeft;
      if (column < to) at(row, column).lines |= kRight;
    }
  }
  void vertical(std::size_t column, std::size_t from, std::size_t to) {
    for (std::size_t row = std::min(from, to); row <= std::max(from, to); ++row) {
      if (row > std::min(from, to)) at(row, column).lines |= kUp;
      if (row < std::max(from, to)) at(row, column).lines |= kDown;
    }
  }
  void write(std::size_t row, std::size_t column, std::string_view text) {
    while (!text.empty()) {
      std::size_t length = 1;
      while (length < text.size() && (static_cast<unsigned char>(text[length]) & 0xC0U) == 0x80U) ++length;
      at(row, column++).text = text.substr(0, length);
      text.remove_prefix(length);
    }
  }
  [[nodiscard]] bool has_crossing() const {
    return std::any_of(rows_.begin(), rows_.end(), [](const auto& row) {
      return std::any_of(row.begin(), row.end(),
                         [](const Cell& cell) { return cell.text.empty() && cell.lines == kCross; });
    });
  }
  [[nodiscard]] std::string text() const {
    std::string all;
    for (const auto& row : rows_) {
      std::string line;
      for (const auto& cell : row)
        line += cell.text.empty() ? kLines[cell.lines] : std::string_view(cell.text);
      while (line.ends_with(' ')) line.pop_back();
      all += line + "\n";
    }
    return all;
  }

 private:
  std::vector<std::vector<Cell>> rows_;
};

std::size_t characters_in(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

using Layers = std::vector<std::vector<GraphSlot>>;

// Which vertical line each place of a layer has on its way to the next one. On a row where one place's line
// leaves and others' arrive, it must turn off before they come in: nothing when that goes round in circles.
std::optional<std::vector<std::size_t>> tracks_of(const std::vector<GraphSlot>& layer, bool aligned) {
  const auto count = layer.size();
  std::vector<std::vector<std::size_t>> before(count);  // who has to turn off after this one
  std::vector<std::size_t> waits(count);
  if (aligned) {
    for (std::size_t i = 0; i < count; ++i) {
      for (const auto row : layer[i].next) {
        if (row == i || row >= count || layer[row].next.empty()) continue;
        before[row].push_back(i);
        ++waits[i];
      }
    }
  }
  std::vector<std::size_t> ready;
  std::vector<std::size_t> track(count);
  for (std::size_t i = 0; i < count; ++i) {
    if (waits[i] == 0) ready.push_back(i);
  }
  std::size_t used = 0;
  for (std::size_t done = 0; done < ready.size(); ++done) {
    const auto i = ready[done];
    // A line that goes straight on needs none of its own.
    const bool straight = aligned && layer[i].next.size() == 1 && layer[i].next.front() == i;
    track[i] = layer[i].next.empty() || straight ? used : used++;
    for (const auto later : before[i]) {
      if (--waits[later] == 0) ready.push_back(later);
    }
  }
  if (ready.size() < count) return std::nullopt;
  return track;
}

class Drawing {
 public:
  explicit Drawing(const JobGraph& graph) : graph_(graph) {
    for (const auto& layer : graph.layers) aligned_ = aligned_ && tracks_of(layer, true).has_value();
  }

  /// False when it would be too wide.
  bool draw() {
    std::size_t column = 0;
    for (std::size_t at = 0; at < graph_.layers.size(); ++at) {
      const auto right = draw_names(at, column);
      column = at + 1 < graph_.layers.size() ? draw_lines(at, right) : right;
      if (column * most_rows() > kMostCells) return false;
    }
    return true;
  }
  const Canvas& canvas() const { return canvas_; }

 private:
  [[nodiscard]] std::size_t most_rows() const {
    std::size_t most = 1;
    for (const auto& layer : graph_.layers) most = std::max(most, 2 * layer.size() + 1);
    return most;
  }

  // Where rows are not aligned, every second layer stands between the rows of the others: then no line leaves
  // on a row on which another arrives.
  [[nodiscard]] std::size_t row(std::size_t layer, std::size_t slot) const {
    return aligned_ ? slot : 2 * slot + layer % 2;
  }

  // The column behind the layer's names.
  std::size_t draw_names(std::size_t at, std::size_t column) {
    const auto& layer = graph_.layers[at];
    std::size_t right = column;
    for (const auto& slot : layer) {
      if (slot.node) right = std::max(right, column + characters_in(graph_.nodes[*slot.node].label()) + 1);
    }
    for (std::size_t i = 0; i < layer.size(); ++i) {
      const auto line = row(at, i);
      std::size_t from = column;
      if (layer[i].node) {
        const auto label = graph_.nodes[*layer[i].node].label();
        canvas_.write(line, column, label);
        from += characters_in(label) + 1;
      }
      if (layer[i].next.empty()) continue;
      canvas_.horizontal(line, from, right);
      canvas_.at(line, from).lines |= kLeft;  // it comes out of the name
    }
    return right;
  }

  // The column where the next layer's names begin.
  std::size_t draw_lines(std::size_t at, std::size_t left) {
    const auto& layer = graph_.layers[at];
    const auto tracks = *tracks_of(layer, aligned_);
    std::size_t last = 0;
    for (const auto track : tracks) last = std::max(last, track);
    const auto right = left + 2 * (last + 1) + 2;  // where arrows end
    for (std::size_t i = 0; i < layer.size(); ++i) {
      const auto column = left + 1 + 2 * tracks[i];
      const auto line = row(at, i);
      if (layer[i].next.empty()) continue;
      canvas_.horizontal(line, left, column);
      for (const auto next : layer[i].next) {
        const auto to = row(at + 1, next);
        canvas_.vertical(column, line, to);
        canvas_.horizontal(to, column, right);
        if (graph_.layers[at + 1][next].node) {
          canvas_.write(to, right, "▶");
        } else {
          canvas_.horizontal(to, right, right + 2);
        }
      }
    }
    return right + 2;
  }

  const JobGraph& graph_;
  Canvas canvas_;
  bool aligned_ = true;
};

std::string list_of_needs(const JobGraph& graph) {
  std::vector<std::vector<std::string>> needs(graph.nodes.size());
  for (const auto& edge : graph.edges) needs[edge.to].push_back(graph.nodes[edge.from].id);
  std::string text;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    if (!needs[i].empty())
      text += fmt::format("{} needs {}\n", graph.nodes[i].id, base::join(needs[i], ", "));
  }
  return text;
}

}  // namespace

std::string graph_text(const JobGraph& graph) {
  auto text = graph.title + "\n\n";
  if (graph.layers.empty()) return text + list_of_needs(graph);
  Drawing drawing(graph);
  if (!drawing.draw()) return text + list_of_needs(graph);
  text += drawing.canvas().text();
  if (drawing.canvas().has_crossing()) text += "\n" + list_of_needs(graph);
  return text;
}

}  // namespace workflow
