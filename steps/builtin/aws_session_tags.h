#pragma once
// The tags that a session by AssumeRole gets from the job: who runs what, for CloudTrail and policies. Not
// for web identity sessions, which take theirs from the token.

#include "aws/sts.h"
#include "steps/builtin/aws_credentials_inputs.h"

namespace steps::builtin {

/// Whether STS takes it in a tag; any byte of a character beyond ASCII counts as a letter.
bool is_tag_character(char c);
/// Whether session_tags sets a tag of that name by itself.
bool is_own_tag(std::string_view key);

/// Tags, those of them that are transitive, and the external id, as the inputs have it.
aws::SessionTags session_tags(const ActionCall& call, const CredentialsInputs& inputs);
/// Leaves out what a request that is too large for STS can do without.
void drop_lesser_tags(aws::SessionTags& session);

}  // namespace steps::builtin
