#pragma once
// A tree that the job's DockerService sends as a tar, unpacked by its front with the step's rights.

#include <functional>
#include <memory>
#include <string_view>
#include <thread>

#include "base/archive.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/result.h"
#include "steps/docker_client.h"

namespace steps {

/// Sees each entry before it is made.
using AdaptEntry = std::function<void(base::ArchiveEntry& entry)>;

/// Unpacks what is written to it, below a folder.
class ReceivedTree {
 public:
  static base::Result<std::unique_ptr<ReceivedTree>> begin(base::Fd folder, AdaptEntry adapt);
  ~ReceivedTree();
  ReceivedTree(const ReceivedTree&) = delete;
  ReceivedTree& operator=(const ReceivedTree&) = delete;

  /// An Error as well when unpacking has failed; finish() says why.
  base::Result<void> write(std::string_view bytes);
  /// Waits until all is unpacked.
  base::Result<void> finish();

 private:
  ReceivedTree() = default;
  base::Pipe pipe_;
  base::Result<void> unpacked_;
  std::thread unpacker_;
};

/// The service's result.
base::Result<base::Json> ask_for_tree(const DockerQuestion& question, base::Fd folder, AdaptEntry adapt);

}  // namespace steps
