/** What admins read who hand out what is kept of a person, or erase it. */

export const careEn = {
  care: "Their data",
  hand_out: "Export all that is kept",
  erase: "Erase this person …",
  erase_title: "Erase {name} for good?",
  erase_words:
    "All that was ever said in their conversations goes: messages, notes and images.",
  erase_ends: {
    one: "Their open conversation ends, and they see that its words were deleted.",
    other:
      "Their {n} open conversations end, and they see that the words were deleted.",
  },
  erase_facts:
    "Name, addresses, orders and timeline go. Whoever comes back is a stranger.",
  erase_stays:
    "Reports keep numbers and times without words. What left by e-mail, SMS or webhook has to be erased there.",
  erase_sure: "I know that nothing brings it back, no backup either",
  erase_yes: "Erase for good",
  erasing: "Erasing",
  erase_done: "The person was erased.",
};
