import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Learner } from "./Learner.jsx";

createRoot(document.querySelector("#root")).render(
  <StrictMode>
    <Learner weights="/weights/resnet18-int8.safetensors" />
  </StrictMode>,
);
